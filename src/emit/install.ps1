#@head
# Made by ramekin.
#@end
#
#   powershell -ExecutionPolicy Bypass -File install.ps1 [-Venv FOLDER] [-Uv] [-Python COMMAND] [-Gpu]
#
# makes FOLDER (.venv), a virtual environment with exactly what is locked: stage by stage, each file by its
# digest. At last verify.py compares what is there with what is expected. A FOLDER that is this environment
# already is only compared; one that is something else is left alone.
#
#   -Uv              uv installs instead of pip, and brings Python where there is none
#   -Python COMMAND  the Python to take; else the first that fits: py, python3, python
#   -Gpu             do the checks that need a GPU too
param(
    [string]$Venv = '.venv',
    [string]$Python = '',
    [switch]$Uv,
    [switch]$Gpu
)
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false

#@settings
$Series = '3.11'
$Identity = '0'
$UvRefused = ''
$Root = '.'
#@end

function Write-Note([string]$Text) {
    [Console]::Error.WriteLine('install.ps1: ' + $Text)
}

function Stop-With([string]$Text) {
    Write-Note ('error: ' + $Text)
    exit 1
}

#@here
$Here = $PSScriptRoot
#@end

$Venv = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Venv)
$Mark = Join-Path $Venv 'ramekin-environment'
$Inside = Join-Path (Join-Path $Venv 'Scripts') 'python.exe'
$Verify = Join-Path $Here 'verify.py'
if ($Uv -and $UvRefused) { Stop-With ($UvRefused + '; leave out -Uv') }
if ($Uv -and -not (Get-Command uv -ErrorAction SilentlyContinue)) { Stop-With 'uv is not on PATH' }

# Whether all is as expected; what is not has been said on stderr.
function Test-Environment {
    & $Inside $Verify | Out-Host
    if ($LASTEXITCODE -ne 0) { return $false }
    if (-not $Gpu) { return $true }
    & $Inside $Verify '--gpu' | Out-Host
    return ($LASTEXITCODE -eq 0)
}

# Whether a command is a Python that fits, and has said so or why not.
function Test-Python([string[]]$Command) {
    if (-not (Get-Command $Command[0] -ErrorAction SilentlyContinue)) { return $false }
    $Rest = @($Command | Select-Object -Skip 1) + @($Verify, '--machine')
    & $Command[0] @Rest | Out-Host
    return ($LASTEXITCODE -eq 0)
}

# The command and the first argument of a Python that fits.
function Find-Python {
    $Commands = @(@('py', ('-' + $Series)), @('python3', '-u'), @('python', '-u'))
    if ($Python) { $Commands = @(, @($Python, '-u')) }
    foreach ($Command in $Commands) {
        if (Test-Python $Command) { return $Command }
    }
    Stop-With ('there is no Python ' + $Series + ' that fits; name one with -Python, or let uv bring it with -Uv')
}

function New-Venv([string[]]$Command) {
    if ($Uv) {
        $Wanted = $Series
        if ($Python) { $Wanted = $Python }
        & uv venv --allow-existing --python $Wanted $Venv | Out-Host
    } else {
        & $Command[0] $Command[1] -m venv $Venv | Out-Host
    }
    if ($LASTEXITCODE -ne 0) { Stop-With ($Venv + ' could not be made') }
    if (-not (Test-Python @($Inside, '-u'))) { Stop-With ($Inside + ' does not fit') }
}

function Start-Stage([string]$Name) {
    Write-Note ('stage ' + $Name)
}

# What requirements\LIST names, and nothing for its sake.
function Install-Locked([string]$List, [string[]]$Options) {
    $Path = Join-Path (Join-Path $Here 'requirements') $List
    if ($Uv) {
        # uv's own name for it is heeded above its environment variables.
        $Options = @($Options | ForEach-Object { $_ -replace '^--index-url$', '--default-index' })
        $Words = @('pip', 'install', '--python', $Inside, '--no-deps') + $Options + @('-r', $Path)
        & uv @Words | Out-Host
    } else {
        $Words = @('-m', 'pip', '--disable-pip-version-check', 'install', '--no-deps') + $Options + @('-r', $Path)
        & $Inside @Words | Out-Host
    }
    if ($LASTEXITCODE -ne 0) { Stop-With ('could not install ' + $Path) }
}

function Remove-Installed([string[]]$Names) {
    if ($Uv) {
        $Words = @('pip', 'uninstall', '--python', $Inside) + $Names
        & uv @Words | Out-Host
    } else {
        $Words = @('-m', 'pip', '--disable-pip-version-check', 'uninstall', '--yes') + $Names
        & $Inside @Words | Out-Host
    }
    if ($LASTEXITCODE -ne 0) { Stop-With ('could not remove ' + ($Names -join ' ')) }
}

$State = ''
if (Test-Path -LiteralPath $Venv -PathType Leaf) { Stop-With ($Venv + ' is not a folder') }
if ((Test-Path -LiteralPath $Venv) -and (Get-ChildItem -LiteralPath $Venv -Force | Select-Object -First 1)) {
    $State = 'unknown'
    if (Test-Path -LiteralPath $Mark) { $State = [IO.File]::ReadAllText($Mark).Trim() }
}
if ($State -eq ($Identity + ' complete')) {
    Write-Note ($Venv + ' is this environment already')
    if (-not (Test-Environment)) {
        Stop-With ($Venv + ' is no longer what was installed; remove it and run this again')
    }
    exit 0
}
if ($State -eq ($Identity + ' begun')) {
    Write-Note ('an earlier run did not finish ' + $Venv + '; it is made anew')
    Remove-Item -LiteralPath $Venv -Recurse -Force
} elseif ($State -match ' (begun|complete)$') {
    Stop-With ($Venv + ' holds another environment; remove it, or name another folder')
} elseif ($State) {
    Stop-With ($Venv + ' holds something else; name another folder')
}

$Command = @()
if (-not $Uv) { $Command = Find-Python }
[void][IO.Directory]::CreateDirectory($Venv)
[IO.File]::WriteAllText($Mark, $Identity + ' begun')
New-Venv $Command
Push-Location -LiteralPath $Root
try {
    #@stages
    Start-Stage 'nothing'
    Install-Locked 'nothing.txt' @('--require-hashes')
    Remove-Installed @('nothing')
    #@end
} finally {
    Pop-Location
}
if (-not (Test-Environment)) { Stop-With ($Venv + ' is not what is expected') }
[IO.File]::WriteAllText($Mark, $Identity + ' complete')
Write-Note ($Venv + ' is complete')
